# Pictures of the documentation, made from text and kept in the tree. The plots of the benches are in
# bench.mk.

.PHONY: diagrams
diagrams:
	@scripts/install-dependencies plot
	@awk -f scripts/rooms.awk docs/rooms.txt > docs/images/architecture.dot
	@for text in docs/images/*.dot; do \
	    dot -Tsvg $$text -o $${text%.dot}.svg && echo $${text%.dot}.svg || exit 1; done
