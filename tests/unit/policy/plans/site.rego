# Rules under a path that base documents share.
package site

name := "from a rule"

sub.virtual := 1
