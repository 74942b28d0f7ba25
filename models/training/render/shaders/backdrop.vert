in vec2 corner;
out vec2 at;

void main() {
    at = corner * vec2(0.5, -0.5) + 0.5;
    gl_Position = vec4(corner, 1.0, 1.0);
}
