in vec2 at;
uniform sampler2D picture;
uniform vec4 plain; // light to show instead of the picture where its last number is 1
layout(location = 0) out vec4 radiance;
layout(location = 1) out uint code;

void main() {
    vec3 c = texture(picture, at).rgb;
    c = c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878); // sRGB to light
    radiance = vec4(mix(c, plain.rgb, plain.a), 1.0);
    code = 0u;
}
