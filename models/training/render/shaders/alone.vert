in vec3 position;
in vec3 normal;
in vec3 rest;
in int part;
uniform sampler3D noise;

void main() {
    vec4 shape = parts[part].shape;
    vec3 p = position;
    if (shape.x != 0.0) {
        p += normalize(normal) * shape.x * (0.55 + 0.9 * textureLod(noise, rest * vec3(0.35, 0.35, 0.22), 0.0).a);
    }
    // What does not count as the person (a bag, a wheelchair) goes outside of the picture.
    gl_Position = shape.w < 0.5 ? vec4(0.0, 0.0, -5.0, 1.0) : project((place * vec4(p, 1.0)).xyz);
}
