import type { followUps as english } from "./follow-ups";

export const followUps: typeof english = {
  title: "फिर आने वाले",
  lead: {
    around: "जिन्हें पिछले 14 दिनों में फिर आना था, या आज से 7 दिनों में आना है।",
    overdue: "जिन्हें पिछले 60 दिनों में फिर आना था।",
    week: "जिन्हें आज या अगले 7 दिनों में फिर आना है।",
    month: "जिन्हें आज या अगले 30 दिनों में फिर आना है।",
  },
  without: "जो उसके बाद आ चुके या उस डॉक्टर के साथ बुक हैं, वे यहाँ नहीं हैं।",
  filter: "कौन से दिन",
  days: { around: "इन दिनों", overdue: "दिन निकल गया", week: "अगले 7 दिन", month: "अगले 30 दिन" },
  list: "किन्हें आना है",
  none: "किसी को नहीं आना है।",
  count: (count) => (count === 1 ? "1 व्यक्ति को आना है" : `${count} लोगों को आना है`),
  first: (count) => `आज के सबसे पास वाले ${count}; और भी हैं।`,
  frontDesk: "इस कंप्यूटर पर पर्चे नहीं रहते, इसलिए इसे पता नहीं कि किसे फिर आने को कहा गया। इलाज वाले कंप्यूटर पर देखें।",
  due: (days) => {
    if (days === 0) return "आज";
    return days < 0 ? `${-days} दिन पहले` : `${days} दिन में`;
  },
  book: "बुक करें",
  bookLong: (name, doctor) => `बुक करें: ${name}, ${doctor}`,
  all: "सब फिर आने वाले",
};
