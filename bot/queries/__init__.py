"""Questions and their answers: one core (`answers`), and its faces (`telegram`, `phrases.plain_answer` for terminals)."""
