import {
  IconArrowsSplit,
  IconCalendarEvent,
  IconDental,
  IconDeviceDesktop,
  IconFileDescription,
  IconHelpCircle,
  IconListSearch,
  IconPill,
  IconPrescription,
  IconRefresh,
  IconSlash,
  IconUserHeart,
  IconUsers,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { messages } from "../messages";
import { LanguageChoice } from "./LanguageChoice";
import classes from "./layout.module.css";
import { useSyncStatus } from "./queries";
import { useSession } from "./session";

/** Where one can go from here; only what leads somewhere now. */
export function Rail({ onKeys }: { onKeys: () => void }) {
  const { session, openPatient } = useSession();
  const status = useSyncStatus().data;
  const decisions = status?.decisions ?? 0;
  const setAside = (status?.attention ?? 0) - decisions;
  const { shell } = messages;
  const link = { className: classes.railItem, activeOptions: { exact: true } };
  return (
    <nav className={classes.rail} aria-label={shell.mainNavigation}>
      <Link to="/" {...link} activeOptions={{ exact: true, includeSearch: false }}>
        <IconCalendarEvent size={22} stroke={1.7} aria-hidden="true" />
        {shell.today}
      </Link>
      {openPatient && (
        <Link to="/patients/$patientId" params={{ patientId: openPatient }} {...link}>
          <IconUserHeart size={22} stroke={1.7} aria-hidden="true" />
          {shell.chart}
        </Link>
      )}
      {openPatient && session.mayReadClinical && (
        <Link to="/patients/$patientId/pad" params={{ patientId: openPatient }} {...link}>
          <IconPrescription size={22} stroke={1.7} aria-hidden="true" />
          {shell.pad}
        </Link>
      )}
      {openPatient && session.mayReadClinical && (
        <Link to="/patients/$patientId/dental" params={{ patientId: openPatient }} {...link}>
          <IconDental size={22} stroke={1.7} aria-hidden="true" />
          {shell.dental}
        </Link>
      )}
      <Link to="/sync" {...link}>
        <IconRefresh size={22} stroke={1.7} aria-hidden="true" />
        {shell.sync}
        {setAside > 0 && <span className={classes.count}>{setAside}</span>}
      </Link>
      {session.mayPrescribe && (
        <Link to="/short-keys" {...link}>
          <IconSlash size={22} stroke={1.7} aria-hidden="true" />
          {shell.shortKeys}
        </Link>
      )}
      {session.mayPrescribe && (
        <Link to="/medicines" {...link}>
          <IconPill size={22} stroke={1.7} aria-hidden="true" />
          {shell.medicines}
        </Link>
      )}
      {session.person.roles.includes("admin") && (
        <Link to="/computers" {...link}>
          <IconDeviceDesktop size={22} stroke={1.7} aria-hidden="true" />
          {shell.computers}
        </Link>
      )}
      {session.person.roles.includes("admin") && (
        <Link to="/staff" {...link}>
          <IconUsers size={22} stroke={1.7} aria-hidden="true" />
          {shell.staff}
        </Link>
      )}
      {session.person.roles.includes("admin") && (
        <Link to="/letterhead" {...link}>
          <IconFileDescription size={22} stroke={1.7} aria-hidden="true" />
          {shell.letterhead}
        </Link>
      )}
      {session.person.roles.includes("admin") && (
        <Link to="/audit" {...link}>
          <IconListSearch size={22} stroke={1.7} aria-hidden="true" />
          {shell.audit}
        </Link>
      )}
      {decisions > 0 && (
        <Link to="/review" search={{}} {...link}>
          <IconArrowsSplit size={22} stroke={1.7} aria-hidden="true" />
          {shell.review}
          <span className={`${classes.count} ${classes.differs}`}>{decisions}</span>
        </Link>
      )}
      <span className={classes.last} />
      <LanguageChoice className={classes.railItem} />
      <button type="button" className={classes.railItem} onClick={onKeys}>
        <IconHelpCircle size={22} stroke={1.7} aria-hidden="true" />
        {shell.keys}
      </button>
    </nav>
  );
}
