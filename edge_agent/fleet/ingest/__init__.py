"""What brings the devices' messages into the store, and tells the devices what is safe there."""
