"""People whom nobody else knows, and for whom somebody who works here vouches."""
