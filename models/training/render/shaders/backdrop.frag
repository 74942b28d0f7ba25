in vec2 at;
uniform sampler2D picture;
layout(location = 0) out vec4 radiance;
layout(location = 1) out uint code;

void main() {
    vec3 c = texture(picture, at).rgb;
    radiance = vec4(c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878), 1.0); // sRGB to light
    code = 0u;
}
