import type { known as english, running as englishRunning, trend as englishTrend } from "./known";
import { number } from "./hi-words";

export const known: typeof english = {
  allergies: "एलर्जी",
  allergy: "एलर्जी",
  addAllergy: "एलर्जी लिखें",
  anotherAllergy: "एक और एलर्जी",
  noneKnown: "कोई ज्ञात नहीं",
  noneKnownLong: "पूछा गया: कोई ज्ञात नहीं",
  noneNoted: "कोई एलर्जी ज्ञात नहीं, लिखा गया",
  notAsked: "अभी पूछा नहीं गया।",
  asked: "पूछा गया: कोई ज्ञात नहीं।",
  changeAllergy: (substance) => `${substance} बदलें`,
  inWords: "शब्दों में",
  passed: (count) => `${count} जो अब लागू नहीं`,
  noted: (day) => `${day} को लिखी`,
  saved: (substance) => `${substance} लिखी गई`,
  changed: (substance) => `${substance} बदली गई`,
  substance: "किससे",
  substanceHint: "दवा का वर्ग, कोई दवा, या कुछ और शब्दों में।",
  substances: "मिलते हुए वर्ग और दवाएँ",
  isClass: "वर्ग",
  byBrand: (brand) => `${brand} में`,
  checkedBy: (name) => `हर पंक्ति ${name} के लिए जाँची जाती है।`,
  checkedByWords:
    "सूची में नहीं: पंक्ति तभी रोकी जाती है जब उसके नाम में ये शब्द हों, या ये शब्द उसमें मौजूद दवा या उसके वर्ग का नाम हों।",
  reaction: "क्या हुआ",
  reactionHint: "दाने, सूजन, साँस फूलना",
  severity: "कितनी गंभीर",
  severities: {
    unknown: "पता नहीं",
    mild: "हल्की",
    moderate: "मध्यम",
    severe: "गंभीर",
    life_threatening: "जानलेवा",
  },
  certainty: "कितना पक्का",
  certainties: { suspected: "शक", confirmed: "पक्का" },
  status: "क्या लागू है",
  statuses: {
    active: "हाँ, लागू है",
    inactive: "नहीं, अब नहीं रही",
    entered_in_error: "नहीं, ग़लती से लिखी थी",
  },
  statusTags: { active: "लागू", inactive: "नहीं रही", entered_in_error: "ग़लती" },
  statusHint: "कुछ मिटाया नहीं जाता: जो लागू नहीं, वह यहाँ और इतिहास में दिखता रहता है।",
  save: "सहेजें",
  differs: "अलग है",
  differsLong: (substance) => `${substance} के बारे में दो कंप्यूटर अलग बताते हैं: देखें`,
  conditions: "पुरानी बीमारियाँ",
  conditionsNone: "कोई नहीं लिखी।",
  addCondition: "बीमारी जोड़ें",
  conditionsFound: "मिलती हुई बीमारियाँ",
  removeCondition: (text) => `${text} हटाएँ`,
  removedCondition: (text) => `${text} हटाई गई`,
};

export const running: typeof englishRunning = {
  title: "चल रही दवाएँ",
  none: "अभी कोई दवा नहीं चल रही।",
  until: (day) => `${day} तक`,
  ongoing: "अगली सूचना तक",
  endNotSaid: (day) => `कब तक, नहीं लिखा; ${day} तक गिनी जाती है`,
  prescribed: (day) => `${day} को लिखी`,
  prescribedLong: (title, day) => `${title}: ${day} को लिखी`,
  stop: "बंद करें",
  stopLong: (title) => `${title} बंद करें`,
  stopTitle: (title) => `${title} बंद करें?`,
  stopText:
    "यह इस सूची से हट जाएगी, और सुरक्षा जाँच इसे आगे नहीं गिनेगी। हस्ताक्षरित पर्चा वैसा ही रहेगा, साथ में यह बात लिखी रहेगी।",
  reason: "क्यों (पर्चे के साथ रखा जाएगा)",
  reasonHint: "दाने, अब ज़रूरत नहीं, दूसरी दवा दी",
  stopped: (title) => `${title} बंद की गई`,
  stoppedOn: (day, reason) => `${day} को बंद की गई: ${reason}`,
};

export const trend: typeof englishTrend = {
  title: "माप",
  none: "अभी कुछ नहीं मापा गया।",
  bp: "ब्लड प्रेशर",
  bpSys: "ऊपरी",
  bpDia: "निचला",
  temp: "तापमान",
  asTable: "तालिका में",
  caption: "मापें, नई पहले",
  day: "दिन",
  older: (count) =>
    count === 1
      ? "एक पुरानी विज़िट की मापें नहीं दिखाई गई हैं।"
      : `${number(count)} पुरानी विज़िटों की मापें नहीं दिखाई गई हैं।`,
  showOlder: "पुरानी मापें दिखाएँ",
  spoken: (label, count, from, to) => `${label}, ${count} विज़िट: ${from} से ${to} तक। सभी मापें नीचे तालिका में हैं।`,
};
