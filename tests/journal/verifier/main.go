// sumdb-verifier checks a scimward log with golang.org/x/mod/sumdb, whose authors know nothing of scimward.
//
//	sumdb-verifier -log DIR -vkey FILE [-old FILE]...
//
// It opens the checkpoint with the verifier key, reads every entry, holds it against its leaf hash, which sumdb/tlog
// authenticates up to the signed root, and checks inclusion and consistency proofs. Every -old is an older checkpoint
// of the same log: the new one must extend it. Exit code 0: all is well; 1: it is not.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// head is a signed tree head.
type head struct {
	size int64
	root tlog.Hash
}

func openHead(path string, verifier note.Verifier) (head, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return head{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return head{}, fmt.Errorf("%s: %w", path, err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return head{}, fmt.Errorf("%s: not three lines", path)
	}
	if lines[0] != verifier.Name() {
		return head{}, fmt.Errorf("%s: origin %q is not the key's name %q", path, lines[0], verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return head{}, fmt.Errorf("%s: size %q", path, lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return head{}, fmt.Errorf("%s: root %q", path, lines[2])
	}
	return head{size, tlog.Hash(root)}, nil
}

// c2spPath turns sumdb's path of a tile (tile/8/0/x001/234.p/5, tile/8/data/…) into that of tlog-tiles.
func c2spPath(tile tlog.Tile) (string, error) {
	rest, found := strings.CutPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if !found {
		return "", fmt.Errorf("unexpected tile path %s", tile.Path())
	}
	if after, isData := strings.CutPrefix(rest, "data/"); isData {
		rest = "entries/" + after
	}
	return "tile/" + rest, nil
}

// directory reads tiles as tlog.TileReader wants them.
type directory string

func (d directory) Height() int                     { return tileHeight }
func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}
func (d directory) read(tile tlog.Tile) ([]byte, error) {
	path, err := c2spPath(tile)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(path)))
}

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		bytes, err := d.read(tile)
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

// checkEntries holds every entry of every bundle against its authenticated leaf hash.
func checkEntries(dir directory, tree head, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.size; first += 1 << tileHeight {
		width := min(tree.size-first, 1<<tileHeight)
		tile := tlog.Tile{H: tileHeight, L: -1, N: first >> tileHeight, W: int(width)}
		bundle, err := dir.read(tile)
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, leaf := range leaves {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("bundle %d ends within entry %d", tile.N, first+int64(i))
			}
			size := 2 + int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:size]) != leaf {
				return fmt.Errorf("entry %d is not the one that was logged", first+int64(i))
			}
			bundle = bundle[size:]
		}
		if len(bundle) != 0 {
			return fmt.Errorf("bundle %d has bytes behind its last entry", tile.N)
		}
	}
	return nil
}

// around gives numbers in [low, high) near both ends and near full tiles.
func around(low, high int64) []int64 {
	var list []int64
	for _, n := range []int64{0, 1, 254, 255, 256, 257, 65535, 65536, high / 2, high - 2, high - 1} {
		if n >= low && n < high {
			list = append(list, n)
		}
	}
	return list
}

func checkProofs(tree head, hashes tlog.HashReader) error {
	for _, index := range around(0, tree.size) {
		proof, err := tlog.ProveRecord(tree.size, index, hashes)
		if err != nil {
			return err
		}
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.size, tree.root, index, leaf[0]); err != nil {
			return fmt.Errorf("inclusion of %d: %w", index, err)
		}
	}
	for _, size := range around(1, tree.size) {
		old, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return err
		}
		if err := checkExtends(tree, head{size, old}, hashes); err != nil {
			return err
		}
	}
	return nil
}

func checkExtends(tree, old head, hashes tlog.HashReader) error {
	if old.size > tree.size {
		return fmt.Errorf("the log shrank from %d to %d", old.size, tree.size)
	}
	if old.size == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.size, old.size, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, tree.size, tree.root, old.size, old.root); err != nil {
		return fmt.Errorf("consistency with size %d: %w", old.size, err)
	}
	return nil
}

type paths []string

func (p *paths) String() string        { return strings.Join(*p, " ") }
func (p *paths) Set(path string) error { *p = append(*p, path); return nil }

func run() error {
	var old paths
	log := flag.String("log", "", "directory of the log")
	keyFile := flag.String("vkey", "", "file with the verifier key")
	flag.Var(&old, "old", "an older checkpoint; may be given often")
	flag.Parse()
	if *log == "" || *keyFile == "" {
		return errors.New("usage: sumdb-verifier -log DIR -vkey FILE [-old FILE]...")
	}
	key, err := os.ReadFile(*keyFile)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(string(bytes.TrimSpace(key)))
	if err != nil {
		return err
	}
	tree, err := openHead(filepath.Join(*log, "checkpoint"), verifier)
	if err != nil {
		return err
	}
	dir := directory(*log)
	hashes := tlog.TileHashReader(tlog.Tree{N: tree.size, Hash: tree.root}, dir)
	if tree.size == 0 {
		empty, err := tlog.TreeHash(0, hashes)
		if err != nil || empty != tree.root {
			return fmt.Errorf("root of the empty log: %v, %w", tree.root, err)
		}
	}
	if err := checkEntries(dir, tree, hashes); err != nil {
		return err
	}
	if err := checkProofs(tree, hashes); err != nil {
		return err
	}
	for _, path := range old {
		older, err := openHead(path, verifier)
		if err != nil {
			return err
		}
		if err := checkExtends(tree, older, hashes); err != nil {
			return err
		}
	}
	fmt.Printf("sumdb-verifier: %s: %d entries, all as signed\n", verifier.Name(), tree.size)
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sumdb-verifier:", err)
		os.Exit(1)
	}
}
