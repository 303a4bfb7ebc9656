# Installing and uninstalling.

.PHONY: install uninstall
install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/natsmicro
	install -m 755 $(PLUGIN) $(COMMAND) $(DESTDIR)$(BINDIR)/
	install -D -m 644 command/manual/natsmicro.1 $(DESTDIR)$(MANDIR)/man1/natsmicro.1
	install -D -m 644 command/completion/natsmicro.bash $(DESTDIR)$(BASHCOMPDIR)/natsmicro
	install -D -m 644 command/completion/_natsmicro $(DESTDIR)$(ZSHCOMPDIR)/_natsmicro
	install -m 644 $(STATIC_LIBRARY) $(WKT_LIBRARY) $(DESTDIR)$(LIBDIR)/
	install -m 755 $(SHARED_LIBRARY) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(SHARED_LIBRARY)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libnatsmicro.so
	install -m 644 $(PUBLIC_HEADERS) $(OWN_PROTOS) $(DESTDIR)$(INCLUDEDIR)/natsmicro/
	cd $(BUILD)/wkt && for header in $(WKT_NAMES:%=%.pb-c.h); do \
	    install -D -m 644 $$header $(abspath $(DESTDIR)$(INCLUDEDIR))/natsmicro-wkt/$$header || exit 1; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' packaging/natsmicro.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/natsmicro.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/natsmicro.pc

uninstall:
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(notdir $(PLUGIN) $(COMMAND))) $(DESTDIR)$(LIBDIR)/pkgconfig/natsmicro.pc
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libnatsmicro.a libnatsmicro-wkt.a libnatsmicro.so $(SONAME) \
	    $(notdir $(SHARED_LIBRARY)))
	rm -f $(DESTDIR)$(MANDIR)/man1/natsmicro.1 $(DESTDIR)$(BASHCOMPDIR)/natsmicro $(DESTDIR)$(ZSHCOMPDIR)/_natsmicro
	rm -rf $(DESTDIR)$(INCLUDEDIR)/natsmicro $(DESTDIR)$(INCLUDEDIR)/natsmicro-wkt
