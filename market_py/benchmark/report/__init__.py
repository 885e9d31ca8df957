"""Reports of a benchmark run: tables, pictures, and the generated parts of documents."""
