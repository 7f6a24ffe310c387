"""How cost grows: not with the data that is there, and in proportion with partitions and clients."""
