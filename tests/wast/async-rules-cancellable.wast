;; No built-in is `cancellable`. tests/wast-2026-08 has the older rule.

(component binary "\00asm" "\0d\00\01\00" "\08\03" "\01" "\0c\00")
(assert_malformed (component binary "\00asm" "\0d\00\01\00" "\08\03" "\01" "\0c\01") "zero byte")
(assert_malformed (component quote "(core func (canon thread.yield cancellable))") "no longer supported")
;; There is `stream.forward`.
(component binary "\00asm" "\0d\00\01\00" "\07\03" "\01\66\00" "\08\03" "\01" "\2e\00")
