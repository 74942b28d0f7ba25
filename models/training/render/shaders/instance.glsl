// What one draw needs to know: where the instance stands and how each of its parts looks.
struct PartLook {
    vec4 base;    // colour, gloss
    vec4 second;  // second colour, strength of the pattern
    vec4 detail;  // pattern, frequency, grain, texture layer
    vec4 shape;   // inflate, folds of cloth, wrap of light, code: 0 a thing, 1 person, 2 head
};
layout(std140) uniform Instance {
    mat4 place;
    vec4 whose;   // owner's number
    PartLook parts[24];
};
