"""Behaviour of a model on difficult recordings and in difficult situations."""
