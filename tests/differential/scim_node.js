/*
 * Cases as scim_answers.c takes them, answered by npm's scim-patch and scim2-parse-filter.
 * NODE_PATH names the node_modules of ./run setup.
 */
"use strict";
const readline = require("node:readline");
const { patchBodyValidation, scimPatch } = require("scim-patch");
const { filter, parse } = require("scim2-parse-filter");

function patchCase(line) {
	patchBodyValidation(line.patch);
	// The stricter one of its two modes: a filter that finds nothing is not an "add".
	const options = { mutateDocument: false, treatMissingAsAdd: false };
	return { doc: scimPatch(line.doc, line.patch.Operations, options) };
}

function filterCase(line) {
	const matches = filter(parse(line.filter));
	return { matches: line.docs.map((doc) => matches(doc)) };
}

function answer(line) {
	try {
		return line.filter === undefined ? patchCase(line) : filterCase(line);
	} catch (error) {
		return { error: error.scimCode || error.name, detail: String(error.message) };
	}
}

readline
	.createInterface({ input: process.stdin, crlfDelay: Infinity })
	.on("line", (text) => process.stdout.write(JSON.stringify(answer(JSON.parse(text))) + "\n"));
