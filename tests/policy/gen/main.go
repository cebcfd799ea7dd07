// Command gen asks OPA, in process, what our evaluator is compared with.
//
//	gen -o FILE cases                        OPA's own conformance cases, planned
//	gen -o FILE mutants ENTRYPOINT FOLDER    what OPA answers to the inputs of a policy and to mutated ones
//	gen -o FILE documents ENTRYPOINT FOLDER  the same of the documents in the policy's own tests
//	gen -o FILE tests FOLDER                 what OPA says of the test_ rules of a policy
//	gen -o FILE builtins NAMES               what OPA's builtins give for random arguments
//	gen -o FILE programs                     what OPA answers to random policies
//	gen -o FILE languages                    what OPA says of GraphQL and JSON schemas, good ones and bad ones
//	gen -o FILE tokens                       what OPA says of tokens, good ones and bad ones
//
// The cases, the planner and the evaluator come from the pinned OPA module, so that nothing of OPA
// is copied into this repository and an upgrade is a change of go.mod. The files are JSON lines.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

func run(output string, seed int64, count int, arguments []string) error {
	file, err := os.Create(output)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := bufio.NewWriterSize(file, 1<<20)
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	switch {
	case len(arguments) == 1 && arguments[0] == "cases":
		err = writeCases(encoder)
	case len(arguments) == 1 && arguments[0] == "tokens":
		err = writeTokens(encoder, seed, count)
	case len(arguments) == 1 && arguments[0] == "languages":
		err = writeLanguages(encoder, seed, count)
	case len(arguments) == 1 && arguments[0] == "programs":
		err = writePrograms(encoder, seed, count)
	case len(arguments) == 2 && arguments[0] == "builtins":
		err = writeBuiltins(encoder, arguments[1], seed, count)
	case len(arguments) == 3 && arguments[0] == "mutants":
		err = writeMutants(encoder, arguments[1], arguments[2], seed, count)
	case len(arguments) == 3 && arguments[0] == "documents":
		err = writeDocuments(encoder, arguments[1], arguments[2], seed, count)
	case len(arguments) == 2 && arguments[0] == "tests":
		err = writeTests(encoder, arguments[1])
	default:
		err = fmt.Errorf("nobody knows %v", arguments)
	}
	if err != nil {
		return err
	}
	return buffer.Flush()
}

func main() {
	output := flag.String("o", "out.jsonl", "file to write")
	seed := flag.Int64("seed", 1, "of the random inputs")
	count := flag.Int("n", 2000, "how many random inputs")
	flag.Parse()
	if err := run(*output, *seed, *count, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
