import type { prepared as englishPrepared } from "./prepared";

export const prepared: typeof englishPrepared = {
  title: "डॉक्टर के लिए तैयार",
  by: (name, time) => `${name} ने तैयार किया, ${time}:`,
  isIn: "यह इस ड्राफ़्ट में है।",
  take: "जो खाली है उसे भरें",
  takeBack: "वापस लें",
  takeBackLong: (which) => `वापस लें: ${which}`,
  takenBack: "वापस लिया गया: अब यह किसी को नहीं दिखेगा",
  give: "डॉक्टर को दें",
  giveHint: "यह हर डॉक्टर के कंप्यूटर पर पहुँचता है; नेटवर्क न हो तो बाद में।",
  giveOn: "दूसरे कमरे को दें",
  given: "डॉक्टर के लिए सहेजा गया",
  givenPart: "डॉक्टर के लिए सहेजा गया, सिवाय उसके जो केवल डॉक्टर लिखते हैं और नर्स नहीं दे सकती: वह इस कंप्यूटर के ड्राफ़्ट में है",
  givenWithoutReasons:
    "डॉक्टर के लिए सहेजा गया, सिवाय जाँच के बावजूद पंक्ति रखने के कारणों के: जो हस्ताक्षर करे वही अपना कारण दे",
  lineUnfinished: "यह पंक्ति पूरी नहीं है। Enter से स्वीकार करें या खाली करें, फिर ड्राफ़्ट दें।",
};
