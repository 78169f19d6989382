import type { sync as english } from "./sync";
import { changes, days, number, timeLeft } from "./hi-words";

const records = (count: number) => `${number(count)} रिकॉर्ड`;
const safe = (count: number) =>
  `${changes(count)} इस कंप्यूटर पर ${count === 1 ? "सुरक्षित है और अपने आप जाएगा" : "सुरक्षित हैं और अपने आप जाएँगे"}`;

export const sync: typeof english = {
  title: "सिंक",
  again: {
    title: "इस कंप्यूटर को फिर से जोड़ें",
    lead: "सर्वर ऐसे बैकअप से वापस लाया गया जो इस कंप्यूटर के जुड़ने से पहले का है। यहाँ का सब कुछ रखा है। एडमिन से ऐसे ही कंप्यूटर के लिए एक बार का कोड लेकर यहाँ लिखें, और यहाँ का काम फिर भेजा जाएगा।",
    password: "आपका पासवर्ड",
    submit: "फिर से जोड़ें",
  },
  pill: {
    online: "ऑनलाइन",
    allSynced: (time) => `सब सिंक हुआ ${time}`,
    comparing: "सर्वर से मिलान हो रहा है",
    waiting: (count) => `${count} इंतज़ार में`,
    sending: (sent, total) => `${total} में से ${sent} भेजे जा रहे हैं`,
    receiving: (rows) => `${rows} पंक्तियाँ आ रही हैं`,
    onlyHere: (count) => `${records(count)} केवल यहाँ`,
    filling: (percent) => (percent === null ? "तैयार हो रहा है" : `तैयार हो रहा है, ${percent}%`),
    connecting: "जुड़ रहा है",
    offline: (time) => `${time} से ऑफ़लाइन`,
    savedHere: (count) => `यहाँ सहेजा, ${count} इंतज़ार में`,
    allSaved: "सब सहेजा गया",
    attention: (count) => `${changes(count)} आपके लिए`,
    synced: (time) => `सिंक हुआ ${time}`,
    notSyncing: "सिंक नहीं हो रहा",
    update: "Clinic Desk अपडेट करें",
    allSent: "आपका काम जा चुका है",
    offlineFor: (count) => `${days(count)} से ऑफ़लाइन`,
    locksIn: (hours) => `${timeLeft(hours)} में लॉक होगा`,
  },
  open: "सिंक केंद्र खोलें",
  sentences: {
    connecting: "सर्वर से जुड़ रहा है। आप हमेशा की तरह काम कर सकते हैं।",
    online: "ऑनलाइन। इस कंप्यूटर का सब कुछ सर्वर पर है।",
    nothingWaits: "ऑनलाइन। भेजने को कुछ बाकी नहीं।",
    comparing: "ऑनलाइन। भेजने को कुछ बाकी नहीं। इस कंप्यूटर के हर रिकॉर्ड का सर्वर से मिलान हो रहा है।",
    compared: (time) => `सर्वर से हर रिकॉर्ड मिलाया गया, और बराबर है: ${time}।`,
    mended: (count, time) =>
      `${records(count)} इस कंप्यूटर पर गायब या ख़राब ${count === 1 ? "था और फिर से लाया गया" : "थे और फिर से लाए गए"}: ${time}। सपोर्ट को बताएँ।`,
    onlyHere: (count) =>
      `${count === 1 ? "इस कंप्यूटर का 1 रिकॉर्ड सर्वर पर नहीं है, या वहाँ पुराना है: सर्वर ने उसे खो दिया। वह यहाँ रखा है" : `इस कंप्यूटर के ${records(count)} सर्वर पर नहीं हैं, या वहाँ पुराने हैं: सर्वर ने उन्हें खो दिया। वे यहाँ रखे हैं`}। क्लिनिक के हर दूसरे कंप्यूटर को एक बार चालू करें: हर एक वह फिर से भेजता है जो उस पर किया गया। फिर भी कुछ बचे तो सर्वर चलाने वाले को बताएँ।`,
    filling: (hasToday, rows, total) =>
      hasToday
        ? `यह कंप्यूटर तैयार हो रहा है। आज के मरीज़ यहाँ हैं, और आप उनके साथ काम कर सकते हैं। बाकी लगभग ${number(total ?? rows)} रिकॉर्ड में से ${number(rows)} आ चुके हैं।`
        : "यह कंप्यूटर तैयार हो रहा है। आज के मरीज़ पहले आते हैं।",
    fillingStands:
      "यह कंप्यूटर तैयार हो रहा है, और सर्वर जवाब नहीं दे रहा। जहाँ रुका था वहीं से अपने आप आगे बढ़ेगा। जो यहाँ है उसके साथ आप काम कर सकते हैं।",
    waiting: (count) => `ऑनलाइन। ${safe(count)}।`,
    offline: (time, count) =>
      count === 0
        ? `${time} से ऑफ़लाइन। आप हमेशा की तरह काम कर सकते हैं। भेजने को कुछ बाकी नहीं।`
        : `${time} से ऑफ़लाइन। आप हमेशा की तरह काम कर सकते हैं। ${safe(count)}।`,
    locksSoon: (count, hours) =>
      `${days(count)} से संपर्क नहीं। ${timeLeft(hours)} में यह कंप्यूटर लॉक हो जाएगा; इस पर कुछ नहीं खोएगा। उससे पहले इसे एक बार नेटवर्क से जोड़ें।`,
    attention: (count) => `${changes(count)} आपके लिए ${count === 1 ? "है" : "हैं"}: सूची देखें।`,
    sending: (sent, total) => `${total} में से ${sent} भेजे जा रहे हैं। आप हमेशा की तरह काम कर सकते हैं।`,
    receiving: (rows) => `${rows} पंक्तियाँ आ रही हैं। आप हमेशा की तरह काम कर सकते हैं।`,
  },
  now: "अभी सिंक करें",
  counts: {
    title: "इस कंप्यूटर के बदलावों का क्या हुआ",
    waiting: "नेटवर्क के इंतज़ार में",
    decisions: "निर्णय बाकी",
    states: {
      quarantined: "अलग रखे",
      blocked: "अलग रखे के साथ रुके",
      conflict: "अलग हैं",
      merged: "मिलाए गए",
      applied: "स्वीकार हुए",
    },
    never: "अभी नहीं",
  },
  lastContact: "पिछला संपर्क",
  lastSynced: "सर्वर से पिछली बार बराबर हुआ",
  ledger: "इस कंप्यूटर पर क्या किया गया",
  entries: (count) => `${number(count)} एंट्री`,
  acknowledged: (time) => `${time} पर स्वीकार हुआ`,
  ledgerEmpty: "इस कंप्यूटर पर अभी कुछ नहीं किया गया।",
  nothingFits: "कुछ नहीं मिला। और देखने के लिए कोई फ़िल्टर हटाएँ।",
  filters: {
    title: "बहीखाते में खोजें",
    query: "मरीज़, मोबाइल नंबर या क्र.",
    state: "स्थिति",
    allStates: "सभी स्थितियाँ",
    kind: "क्या किया गया",
    allKinds: "सब कुछ",
    author: "किसने",
    everyone: "सभी",
    from: "दिन से",
    to: "दिन तक",
    save: { csv: "CSV", ndjson: "JSON lines" },
    saveLong: { csv: "इन्हें CSV फ़ाइल में सहेजें", ndjson: "इन्हें JSON lines फ़ाइल में सहेजें" },
    saved: (path) => `${path} में सहेजा गया`,
  },
  refused: {
    title: (sequence) => `अलग रखा: क्र. ${sequence}`,
    place: (place, count) => `${place} / ${count}`,
    why: "सर्वर ने इसे नहीं लिया:",
    unsaid: "कारण नहीं बताया।",
    kept: (behind) =>
      behind === 0
        ? "यह यहाँ और सर्वर पर रखा है।"
        : `यह यहाँ और सर्वर पर रखा है। ${behind === 1 ? "इस पर टिका 1 बदलाव इसके साथ रुका है" : `इस पर टिके ${changes(behind)} इसके साथ रुके हैं`}।`,
    ways: {
      replace: "सुधार कर भेजें",
      retry: "फिर कोशिश करें",
      hand_over: "एडमिन को दें…",
      discard: "छोड़ें…",
    },
    reopen: "पैड में फिर खोलें",
    keys: { replace: "C", retry: "T", hand_over: "H", discard: "D" },
    done: {
      replace: "सुधरा बदलाव सहेजा गया और अपने आप जाएगा",
      retry: "सर्वर के जवाब देते ही फिर कोशिश होगी",
      hand_over: "सर्वर के जवाब देते ही एडमिन इसे देखेंगे",
      discard: "छोड़ा गया; बहीखाते में रहेगा",
    },
    asked: {
      replace: (who, when) => `${who} ने इसे सुधारा, ${when}।`,
      retry: (who, when) => `${who} ने फिर कोशिश करने को कहा, ${when}।`,
      hand_over: (who, when) => `${who} ने इसे एडमिन को दिया, ${when}।`,
      discard: (who, when) => `${who} ने इसे छोड़ा, ${when}।`,
    },
    notSent: "भेजा जाना बाकी।",
    reason: "कारण (बहीखाते में रखा जाएगा)",
    dialogs: {
      hand_over: {
        title: (sequence) => `क्र. ${sequence} एडमिन को दें`,
        text: "क्लिनिक का हर एडमिन इसे निर्णय के लिए बाकी कामों में देखता है: किसने किया, कब और क्यों।",
        send: "दें",
      },
      discard: {
        title: (sequence) => `क्र. ${sequence} छोड़ दें?`,
        text: "यह सर्वर के रिकॉर्ड में नहीं जाएगा। बहीखाते में यह आपके नाम और कारण के साथ छोड़ा हुआ रहेगा। जो इसके साथ रुका है, वह आगे बढ़ेगा।",
        send: "छोड़ दें",
      },
    },
    correctTitle: (sequence) => `क्र. ${sequence} सुधारें`,
    sendCorrected: "सहेजें और भेजें",
  },
  columns: { number: "क्र.", what: "क्या", patient: "मरीज़", who: "किसने", when: "कब", fate: "स्थिति" },
  fates: {
    waiting: "इंतज़ार में",
    applied: "लागू",
    merged: "मिलाया गया",
    conflict: "अलग है",
    quarantined: "अलग रखा",
    blocked: "दूसरे के साथ रुका",
    replaced: "सुधारा गया",
    discarded: "छोड़ा गया",
  },
  computer: "यह कंप्यूटर",
  clinic: "क्लिनिक",
  scope: "क्या पाता है",
  scopes: { clinical: "इलाज के रिकॉर्ड", front_desk: "रिसेप्शन के रिकॉर्ड" },
  lane: "नंबर इससे शुरू होते हैं",
};
