"""The other side of the wire: what devices publish is stored, summed up and shown. Needs `edge-agent[fleet]`."""
