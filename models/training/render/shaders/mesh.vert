in vec3 position;
in vec3 normal;
in vec3 rest;
in vec2 uv;
in int part;
out vec3 world;
out vec3 bent;      // normal in the world
out vec3 cloth;     // rest coordinates
out vec2 surface_uv;
// How the part looks, handed on whole: looking it up again at each pixel costs more.
flat out vec4 look_base;
flat out int kind;
flat out vec4 look_detail;
flat out vec4 look_shape;

void main() {
    vec4 shape = parts[part].shape;
    vec3 n = normalize(normal);
    vec3 p = position;
    p += n * shape.x * loose(rest);
    world = (place * vec4(p, 1.0)).xyz;
    // The cofactors of the placement turn normals right where it stretches.
    vec3 a = place[0].xyz, b = place[1].xyz, c = place[2].xyz;
    bent = cross(b, c) * n.x + cross(c, a) * n.y + cross(a, b) * n.z;
    cloth = rest;
    surface_uv = uv;
    look_base = parts[part].base;
    kind = part;
    look_detail = parts[part].detail;
    look_shape = shape;
    gl_Position = project(world);
}
