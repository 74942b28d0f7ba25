"""The sub-commands of `edge-agent`, one file each."""
