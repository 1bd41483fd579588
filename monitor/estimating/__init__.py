"""`leadline estimate`: what a judge says of recorded traffic, and what people make of that."""
