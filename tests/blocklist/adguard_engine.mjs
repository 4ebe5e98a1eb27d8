// Asks AdGuard's filtering engine about names: node adguard_engine.mjs NODE_MODULES LIST < names.json > rules.json
// In: a JSON array of names and addresses. Out: a JSON object, each of them with the rule that blocks it, or null.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, list] = process.argv.slice(2);
const { DnsEngine, RuleStorage, StringRuleList, setLogger } = createRequire(`${modules}/`)(
    "@adguard/tsurlfilter",
);
const quiet = () => {};
setLogger({ log: quiet, info: quiet, debug: quiet, warn: quiet, error: quiet });

const engine = new DnsEngine(new RuleStorage([new StringRuleList(1, readFileSync(list, "utf8"), true)]));

// the engine makes a URL of what it is asked, in which an IPv6 address stands in brackets
const asked = (name) => (name.includes(":") ? `[${name}]` : name);
const rule = ({ basicRule, hostRules }) => {
    if (basicRule) {
        return basicRule.isAllowlist() ? null : basicRule.getText();
    }
    return hostRules.length ? hostRules[0].getText() : null;
};

const names = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(
    JSON.stringify(Object.fromEntries(names.map((name) => [name, rule(engine.match(asked(name)))]))),
);
