"""The pages that people open: devices for ops, the report for marketing, live counts, and an API that only reads."""
