"""Import of published weights into models of tfse."""
