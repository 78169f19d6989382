import type { files as english } from "./files";
const number = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 1 });

const count = (files: number) => `${files} फ़ाइल${files === 1 ? "" : "ें"}`;
const safe = (files: number) => (files === 1 ? "सुरक्षित है" : "सुरक्षित हैं");
const go = (files: number) => (files === 1 ? "जाएगी" : "जाएँगी");

const kinds: [string, string][] = [
  ["xray", "एक्स-रे"],
  ["photo", "फ़ोटो"],
  ["document", "दस्तावेज़"],
  ["scan", "स्कैन"],
  ["consent", "सहमति पत्र"],
];

/** The words of attached files. */
export const files: typeof english = {
  title: "फ़ाइलें",
  none: "अभी कोई फ़ाइल नहीं।",
  noneHint: "एक्स-रे, फ़ोटो और पत्र जोड़ने के लिए:",
  add: "फ़ाइल जोड़ें",
  kinds,
  kindOf: (kind) => kinds.find(([known]) => known === kind)?.[1] ?? kind,
  places: {
    waiting: "यहाँ है, भेजी जानी बाकी है",
    refused: "यहाँ है, सर्वर ने नहीं ली",
    here: "यहाँ और सर्वर पर है",
    on_server: "सर्वर पर है, खोलने पर आएगी",
    elsewhere: "दूसरे कंप्यूटर पर है, अभी भेजी नहीं गई",
    lost: "इस कंप्यूटर पर नहीं मिली, भेजी नहीं गई थी",
  },
  size: (bytes) =>
    bytes < 1_000_000
      ? `${number.format(Math.max(1, Math.round(bytes / 1000)))} kB`
      : `${number.format(bytes / 1_000_000)} MB`,
  teethOf: (_count, teeth) => `दाँत ${teeth}`,
  open: "खोलें",
  openFile: (name) => `खोलें: ${name}`,
  save: "कॉपी सहेजें",
  saveFile: (name) => `कॉपी सहेजें: ${name}`,
  saved: (path) => `${path} नाम से सहेजी गई। Clinic Desk के बाहर यह एन्क्रिप्टेड नहीं रहती।`,
  remove: "हटाएँ",
  removeFile: (name) => `हटाएँ: ${name}`,
  removeTitle: (name) => `${name} को हटाएँ?`,
  removeText: "यह हर कंप्यूटर पर रिकॉर्ड से हट जाएगी। इसमें जो था वह सर्वर पर रहता है: कानून के लिए, और भूल सुधारने के लिए।",
  removed: (name) => `${name} रिकॉर्ड से हटा दी गई।`,
  again: "फिर भेजें",
  againFile: (name) => `फिर भेजें: ${name}`,
  addTitle: "फ़ाइल जोड़ें",
  addText:
    "चित्र (JPEG, PNG, WebP), PDF या DICOM फ़ाइल, अधिक से अधिक 100 MB। इस कंप्यूटर पर एन्क्रिप्टेड रहती है और सर्वर पर अपने आप जाती है।",
  kind: "यह क्या है",
  description: "विवरण",
  teeth: "दाँत",
  teethHint: "FDI नंबर, जैसे 16 17",
  choose: "फ़ाइल चुनें…",
  added: (name) => `${name} इस कंप्यूटर पर सहेजी गई और सर्वर पर अपने आप जाएगी।`,
  addedMany: (n) =>
    n === 1
      ? "1 फ़ाइल इस कंप्यूटर पर सहेजी गई और सर्वर पर अपने आप जाएगी।"
      : `${count(n)} इस कंप्यूटर पर सहेजी गईं और सर्वर पर अपने आप जाएँगी।`,
  dropHere: (name) => `फ़ाइलें यहाँ छोड़ें: वे ${name} के रिकॉर्ड में जुड़ेंगी।`,
  dropTitle: (n, name) => `${name} के रिकॉर्ड में ${count(n)} जोड़ें`,
  dropped: "जो फ़ाइलें छोड़ी गईं",
  addDropped: (n) => `${count(n)} जोड़ें`,
  page: (page, pages) => `पेज ${page} / ${pages}`,
  pageOf: (page, pages, name) => `${name} का पेज ${page} / ${pages}`,
  pageBefore: "पिछला पेज",
  pageAfter: "अगला पेज",
  drawing: "पेज खुल रहा है",
  picture: (name, kind) => `${kind}: ${name}`,
  loading: "फ़ाइल आ रही है",
  noPicture: "यह फ़ाइल यहाँ नहीं दिखाई जा सकती। कॉपी सहेजकर दूसरे प्रोग्राम में खोलें।",
  unsentTitle: "जो फ़ाइलें सर्वर पर नहीं हैं",
  pill: {
    waiting: (n) => `${count(n)} भेजनी बाकी`,
    saved: (n) => `यहाँ सहेजी हैं, ${count(n)} भेजनी बाकी`,
    refused: (n) => `${count(n)} नहीं भेजी जा ${n === 1 ? "सकती" : "सकतीं"}`,
  },
  sentences: {
    waiting: (n) =>
      `हर रिकॉर्ड सर्वर पर है; ${count(n)} इस कंप्यूटर पर ${safe(n)} और डॉक्टर, दंत चिकित्सक या नर्स के साइन इन रहते अपने आप ${go(n)}।`,
    also: (n) => `${count(n)} भी भेजनी बाकी ${n === 1 ? "है" : "हैं"}।`,
    offline: (time, n) =>
      `${time} से ऑफ़लाइन। काम हमेशा की तरह चलता है। ${count(n)} इस कंप्यूटर पर ${safe(n)} और अपने आप ${go(n)}।`,
    refused: (n) =>
      `${count(n)} सर्वर पर नहीं जा ${n === 1 ? "सकती" : "सकतीं"}: सर्वर ने नहीं ${n === 1 ? "ली, या यहाँ मिली" : "लीं, या यहाँ मिलीं"} नहीं। सूची देखें।`,
  },
};
