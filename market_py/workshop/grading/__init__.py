"""Grade exercises: check results, claims, and ``%%solution`` cells."""
