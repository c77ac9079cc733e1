// --- a row in words ---------------------------------------------------------------------------

const LONG_PAUSE = 0.4; // s
const COUNTS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const SAID = [
  // measure, what it is called, unit, digits, words for more and less, what makes no difference
  ["duration_s", "", "s", 1, "longer", "shorter", 0.1],
  ["f0_median_hz", "median pitch", "Hz", 0, "higher", "lower", 3],
  ["f0_range_st", "pitch range", "semitones", 1, "wider", "narrower", 0.5],
  ["speech_rate_syl_s", "", "syllables a second", 1, "faster", "slower", 0.2],
  ["loudness_lufs", "", "LU", 1, "louder", "quieter", 0.5],
  ["centroid_hz", "", "Hz", 0, "brighter", "darker", 50],
];
const ALONE = [
  ["duration_s", "", "s long", 1], ["f0_median_hz", "median pitch", "Hz", 0],
  ["f0_range_st", "pitch range", "semitones", 1], ["speech_rate_syl_s", "", "syllables a second", 1],
  ["loudness_lufs", "", "LUFS", 1], ["centroid_hz", "brightness", "Hz", 0],
];

function nameOf(row) {
  return [row.label, row.provider, row.take && `take ${row.take}`].filter(Boolean).join(", ");
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/** "two pauses longer than 0.4 s", once the pauses are known. */
function pausesInWords(row) {
  if (!row.pauses) return null;
  const long = row.pauses.filter(([start, end]) => end - start > LONG_PAUSE).length;
  return `${COUNTS[long] ?? long} pause${long === 1 ? "" : "s"} longer than ${LONG_PAUSE} s`;
}

function startAgainst(row, reference) {
  if (!isNumber(row.start_s) || !isNumber(reference.start_s)) return null;
  const later = row.start_s - reference.start_s;
  if (Math.abs(later) < 0.02) return "starts at the same time";
  return `starts ${decimals(Math.abs(later), 2)} s ${later > 0 ? "later" : "earlier"}`;
}

function measureAgainst([measure, called, unit, digits, more, less, alike], row, reference) {
  const [mine, other] = [row.measures[measure], reference.measures[measure]];
  if (!isNumber(mine) || !isNumber(other) || Math.abs(mine - other) < alike) return null;
  const words = `${decimals(Math.abs(mine - other), digits)} ${unit} ${mine > other ? more : less}`;
  return called ? `${called} ${words}` : words;
}

/** A voice in words as it is heard beside another. */
function inWordsAgainst(row, reference) {
  const differences = SAID.map((one) => measureAgainst(one, row, reference)).filter(Boolean);
  const alike = differences.length ? [] : ["alike in pitch, pace, loudness and brightness"];
  const parts = [startAgainst(row, reference), ...differences, ...alike, pausesInWords(row)].filter(Boolean);
  return `Against ${nameOf(reference)}: ${parts.join(", ")}.`;
}

function inWordsAlone(row) {
  const start = isNumber(row.start_s) && row.start_s >= 0.02 ? `starts after ${decimals(row.start_s, 2)} s` : null;
  const numbers = ALONE.filter(([measure]) => isNumber(row.measures[measure])).map(([measure, called, unit, digits]) =>
    `${called} ${decimals(row.measures[measure], digits)} ${unit}`.trim());
  const parts = [...numbers, start, pausesInWords(row)].filter(Boolean);
  return parts.length ? `${parts.join(", ")}.` : "";
}

/** What a row shows, for those who do not see it: against the reference where there is one. */
function rowInWords(row, reference) {
  if (trouble(row)) return trouble(row);
  const against = reference && reference.id !== row.id && !trouble(reference);
  const marks = [
    row.rating ? `Rated ${row.rating} of 5.` : "", row.starred ? "Starred." : "", row.note ? `Note: ${row.note}` : "",
  ];
  return [against ? inWordsAgainst(row, reference) : inWordsAlone(row), ...marks].filter(Boolean).join(" ");
}
