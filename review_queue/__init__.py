"""The ground: records, hosts and the one store every other part meets in."""
