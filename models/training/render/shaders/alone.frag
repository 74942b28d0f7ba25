layout(location = 0) out uint there;

void main() {
    there = 1u;
}
