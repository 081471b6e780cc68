// A second implementation for tests: what golang.org/x/mod says of an unpacked audit package.
//
// usage: oracle FOLDER VKEY
//
// Signatures are opened by sumdb/note, proofs checked by sumdb/tlog; chains and payload commitments, which are this
// product's own, are recomputed here from docs/formats. It prints one line of counts, or fails and says where.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type entry struct {
	Log     string `json:"log"`
	Case    string `json:"case"`
	Seq     int    `json:"seq"`
	Prev    string `json:"prev"`
	Payload string `json:"payload"`
	leaf    tlog.Hash
}

type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: oracle FOLDER VKEY")
	}
	data := filepath.Join(os.Args[1], "data")
	verifier, err := note.NewVerifier(os.Args[2])
	check(err, "vkey")
	text := read(filepath.Join(data, "cadena", "checkpoint"))
	now := opened(text, verifier)

	entries := 0
	chains := map[string][]entry{}
	proofs, err := filepath.Glob(filepath.Join(data, "cadena", "proofs", "*.tlog-proof"))
	check(err, "proofs")
	byLeaf := leaves(data)
	for _, path := range proofs {
		index, hashes, signed := parsedProof(path)
		if !bytes.Equal(signed, text) {
			fail(path + ": another checkpoint")
		}
		found := false
		for _, item := range byLeaf[filepath.Base(path)] {
			check(tlog.CheckRecord(hashes, now.size, now.root, index, item.leaf), path)
			if item.Log != now.origin {
				fail(path + ": an entry of another log")
			}
			chains[item.Case] = append(chains[item.Case], item)
			entries, found = entries+1, true
		}
		if !found {
			fail(path + ": no entry")
		}
	}
	linked := 0
	for name, chain := range chains {
		sort.Slice(chain, func(i, j int) bool { return chain[i].Seq < chain[j].Seq })
		for at, item := range chain {
			if at == 0 && item.Seq == 1 {
				genesis := sha256.Sum256([]byte("constancia/v1/genesis\n" + now.origin + "\n" + name))
				same(item.Prev, hex.EncodeToString(genesis[:]), name)
				linked++
			}
			if at > 0 && chain[at-1].Seq+1 == item.Seq {
				same(item.Prev, hex.EncodeToString(chain[at-1].leaf[:]), name)
				linked++
			}
		}
	}
	fmt.Printf("entries %d links %d payloads %d growth %d\n", entries, linked, payloads(data), growth(data, now, verifier))
}

// opened is a note's checkpoint, its signature by the verifier checked.
func opened(text []byte, verifier note.Verifier) head {
	signed, err := note.Open(text, note.VerifierList(verifier))
	check(err, "checkpoint")
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	var root tlog.Hash
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "root")
	copy(root[:], raw)
	return head{lines[0], size, root}
}

// leaves are the package's entries by the name that their proofs have.
func leaves(data string) map[string][]entry {
	found := map[string][]entry{}
	check(filepath.Walk(data, func(path string, info os.FileInfo, err error) error {
		if err != nil || filepath.Base(filepath.Dir(path)) != "entries" {
			return err
		}
		var item entry
		raw := read(path)
		check(json.Unmarshal(raw, &item), path)
		item.leaf = tlog.RecordHash(raw)
		name := fmt.Sprintf("%s-%d.tlog-proof", strings.ReplaceAll(item.Case, ":", "-"), item.Seq)
		found[name] = append(found[name], item)
		return nil
	}), "entries")
	return found
}

func parsedProof(path string) (int64, tlog.RecordProof, []byte) {
	parts := bytes.SplitN(read(path), []byte("\n\n"), 2)
	lines := strings.Split(string(parts[0]), "\n")
	same(lines[0], "c2sp.org/tlog-proof@v1", path)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check(err, path)
	return index, hashes(lines[2:], path), parts[1]
}

func hashes(lines []string, path string) []tlog.Hash {
	found := []tlog.Hash{}
	for _, line := range lines {
		raw, err := base64.StdEncoding.DecodeString(line)
		check(err, path)
		var hash tlog.Hash
		copy(hash[:], raw)
		found = append(found, hash)
	}
	return found
}

// payloads recomputes every commitment whose payload travels.
func payloads(data string) int {
	count := 0
	check(filepath.Walk(data, func(path string, info os.FileInfo, err error) error {
		if err != nil || filepath.Base(filepath.Dir(path)) != "payloads" || filepath.Ext(path) != ".json" {
			return err
		}
		var item entry
		folder, name := filepath.Dir(filepath.Dir(path)), filepath.Base(path)
		check(json.Unmarshal(read(filepath.Join(folder, "entries", name)), &item), path)
		salt := read(strings.TrimSuffix(path, ".json") + ".salt")
		committed := append([]byte("constancia/v1/payload\n"), salt...)
		sum := sha256.Sum256(append(committed, read(path)...))
		same(item.Payload, hex.EncodeToString(sum[:]), path)
		count++
		return nil
	}), "payloads")
	return count
}

// growth checks that the log has only grown since each earlier note in the package.
func growth(data string, now head, verifier note.Verifier) int {
	paths, err := filepath.Glob(filepath.Join(data, "cadena", "consistencia", "*.txt"))
	check(err, "consistencia")
	for _, path := range paths {
		parts := bytes.SplitN(read(path), []byte("\n\n"), 2)
		lines := strings.Split(string(parts[0]), "\n")
		old := opened(parts[1], verifier)
		same(lines[0], fmt.Sprintf("old %d", old.size), path)
		check(tlog.CheckTree(hashes(lines[1:], path), now.size, now.root, old.size, old.root), path)
	}
	return len(paths)
}

func read(path string) []byte {
	raw, err := os.ReadFile(path)
	check(err, path)
	return raw
}

func same(found, expected, where string) {
	if found != expected {
		fail(where + ": expected " + expected + ", found " + found)
	}
}

func check(err error, where string) {
	if err != nil {
		fail(where + ": " + err.Error())
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(1)
}
