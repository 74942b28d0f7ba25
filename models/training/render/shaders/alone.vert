in vec3 position;
in vec3 normal;
in vec3 rest;
in int part;

void main() {
    vec4 shape = parts[part].shape;
    vec3 p = position + normalize(normal) * shape.x * loose(rest);
    // What does not count as the person (a bag, a wheelchair) goes outside of the picture.
    gl_Position = shape.w < 0.5 ? vec4(0.0, 0.0, -5.0, 1.0) : project((place * vec4(p, 1.0)).xyz);
}
