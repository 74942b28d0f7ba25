in vec3 world;
in vec3 bent;
in vec3 cloth;
in vec2 surface_uv;
flat in vec4 look_base;
flat in int kind;
flat in vec4 look_detail;
flat in vec4 look_shape;
uniform sampler3D noise;            // slope of a smooth noise, and the noise
uniform sampler2DArray textures;
uniform sampler2DShadow depth_map;
uniform sampler2D ground;           // share of the ambient light left on the floor, seen from above
uniform vec4 ground_at;             // scale and offset of world x, y to it
uniform vec3 eye;
uniform vec3 light_to;
uniform mat4 light_view;
uniform vec3 light_colour;
uniform vec3 sky;
uniform vec3 floor_light;
uniform float shadows;
layout(location = 0) out vec4 radiance;
layout(location = 1) out uint code;

vec3 linear(vec3 c) { // from sRGB; a polynomial within 0.003 of the norm
    return c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878);
}

float stripe(float x) {
    float width = fwidth(x) * 2.0;
    return mix(smoothstep(0.5 - width, 0.5 + width, abs(fract(x) * 2.0 - 1.0)), 0.5, clamp(width - 0.5, 0.0, 1.0));
}

float pattern(int which, vec3 q) {
    float value = which == 1 ? stripe(q.z) : which == 2 ? stripe(q.x + q.y * 0.5) : 0.5 * stripe(q.x) + 0.5 * stripe(q.z);
    for (int i = 0; i < int(which > 3); i++) {
        float n = texture(noise, q * (which == 4 ? 0.25 : which == 5 ? 0.8 : 1.0)).a;
        vec3 chest = abs(cloth - vec3(0.0, -0.15, 1.28)) / vec3(0.11, 0.13, 0.12);
        float print = step(max(chest.x, max(chest.y, chest.z)), 1.0) * (0.4 + 0.6 * smoothstep(0.4, 0.55, n));
        value = which == 4 ? smoothstep(0.45, 0.6, n) : which == 5 ? smoothstep(0.62, 0.7, n) : print;
    }
    return value;
}

// The share of the light that reaches the point; outside of the depth map all of it.
float lit(vec3 n) {
    float bias = 0.0015 + 0.003 * (1.0 - max(dot(n, light_to), 0.0));
    float step_at = 1.5 / float(textureSize(depth_map, 0).x);
    vec3 at = (light_view * vec4(world, 1.0)).xyz * 0.5 + 0.5;
    if (any(greaterThan(abs(at - 0.5), vec3(0.5)))) return 1.0;
    at.z -= bias;
    return 0.5 * (texture(depth_map, at + vec3(step_at, step_at * 0.4, 0.0)) +
                  texture(depth_map, at - vec3(step_at, step_at * 0.4, 0.0)));
}

// Loops that run once or not at all: Mesa's software renderer works through both sides of every `if`, but it skips a
// loop that no pixel of a group needs, and the lookups of textures in them are what costs most.
void main() {
    PartLook look = PartLook(look_base, vec4(0.0), look_detail, look_shape);
    vec3 colour = look.base.rgb;
    for (int i = 0; i < int(look.detail.x > 0.5); i++) {
        look.second = parts[kind].second;
        colour = mix(colour, look.second.rgb, look.second.a * pattern(int(look.detail.x), cloth * look.detail.y));
    }
    for (int i = 0; i < int(look.detail.w > -0.5); i++) {
        colour *= linear(texture(textures, vec3(surface_uv, look.detail.w)).rgb);
    }

    // Both sides of a surface can be seen: the inside of a hood, a sheet of a shelf.
    vec3 to_eye = normalize(eye - world);
    vec3 n = normalize(bent);
    n = dot(n, to_eye) < 0.0 ? -n : n;
    float fold = look.shape.y;
    vec4 coarse = vec4(0.5), fine = vec4(0.5);
    for (int i = 0; i < int(fold > 0.0); i++) coarse = texture(noise, cloth * vec3(1.1, 1.1, 0.6) + vec3(cloth.z, 0.0, cloth.x) * 0.4);
    for (int i = 0; i < int(fold + look.detail.z > 0.02); i++) fine = texture(noise, cloth * vec3(2.3, 2.3, 1.4) + 0.37);
    n = normalize(n + fold * (coarse.xyz - 0.5) * 2.2 + (0.35 * fold + 0.25 * look.detail.z) * (fine.xyz - 0.5));
    colour *= 1.0 + look.detail.z * (1.1 * (fine.a - 0.5) + 0.6 * (coarse.a - 0.5)) + 0.22 * fold * (coarse.a - 0.5);

    float up = 0.5 + 0.5 * n.z;
    float near_floor = smoothstep(-0.05, 0.5, world.z);
    float open = mix(0.72, 1.0, near_floor) * mix(0.7, 1.0, up);
    float below = 1.0;
    for (int i = 0; i < int(bent.z > 0.0 && world.z < 0.12); i++) {
        float left = texture(ground, world.xy * ground_at.xy + ground_at.zw).r;
        below = mix(left, 1.0, smoothstep(0.02, 0.12, world.z));
    }
    // Rooms are brighter on the lamp's side, also where its light does not fall.
    vec3 ambient = mix(floor_light, sky, up) * open * below * (1.0 + 0.3 * dot(n.xy, light_to.xy));

    float wrap = look.shape.z;
    float facing = dot(n, light_to);
    float direct = max(facing + wrap, 0.0) / (1.0 + wrap);
    float seen = mix(1.0, below, 0.5);
    for (int i = 0; i < int(shadows > 0.5 && direct > 0.0); i++) seen *= lit(n);
    vec3 halfway = normalize(light_to + to_eye);
    float gloss = look.base.a;
    float power = mix(6.0, 90.0, gloss * gloss);
    float shine = gloss * gloss * (power + 8.0) * 0.04 * pow(max(dot(n, halfway), 0.0), power) * max(facing, 0.0);
    float away = 1.0 - max(dot(n, to_eye), 0.0);
    float edge = away * away * away * away * away;  // Schlick's approximation of Fresnel's law
    vec3 mirror = mix(floor_light, sky, clamp(0.5 + reflect(-to_eye, n).z, 0.0, 1.0));

    vec3 out_light = colour * (ambient + light_colour * direct * seen)
        + light_colour * shine * seen + mirror * (0.02 + 0.35 * gloss * edge + 0.06 * gloss * gloss) * open;
    radiance = vec4(out_light, 1.0);
    int what = int(look.shape.w + 0.5);
    code = what == 0 ? 0u : uint(whose.x + 0.5) + (what == 2 ? 128u : 0u);
}
