uniform mat4 view;      // world to camera, which looks along its -z
uniform vec2 focal;     // half pictures per tangent
uniform vec2 centre;    // principal point, half pictures
uniform vec2 distort;   // k1, largest r² that it is meant for
uniform vec4 crop;      // scale and offset in the plane of the picture

// Beyond the largest r² the picture goes on without bending, so that nothing folds back into it; behind the camera the
// same factor holds, which keeps the clipping of triangles at the near plane exact.
vec4 project(vec3 world) {
    const float NEAR = 0.1, FAR = 90.0;
    vec3 e = (view * vec4(world, 1.0)).xyz;
    float z = -e.z;
    float r2 = z > 0.0 ? min(dot(e.xy, e.xy) / (z * z), distort.y) : distort.y;
    vec2 flat_xy = e.xy * focal * (1.0 + distort.x * r2) + centre * z;
    return vec4(flat_xy * crop.xy + crop.zw * z, ((FAR + NEAR) * z - 2.0 * FAR * NEAR) / (FAR - NEAR), z);
}

// How far cloth hangs off the body, around 1: folds some 20 cm wide.
float loose(vec3 at) {
    return 1.0 + 0.45 * sin(at.z * 19.0 + at.x * 9.0) * sin(at.z * 11.0 + at.y * 23.0 + at.x * 31.0);
}
