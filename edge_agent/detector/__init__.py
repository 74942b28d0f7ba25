"""Frame to detections: bundles and their checksums, letterbox, the ONNX session, decoders, NMS."""
