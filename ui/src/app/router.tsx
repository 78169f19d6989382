import {
  createMemoryHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
} from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AuditLog } from "../features/audit/AuditLog";
import { Computers } from "../features/computers/Computers";
import { Chart } from "../features/chart/Chart";
import { DentalScreen } from "../features/dental/DentalScreen";
import { FollowUps } from "../features/followups/FollowUps";
import { Letterhead } from "../features/letterhead/Letterhead";
import { Medicines } from "../features/medicines/Medicines";
import { PadScreen } from "../features/pad/PadScreen";
import { CorrectPatient } from "../features/patient/CorrectPatient";
import { RegisterPatient } from "../features/patient/RegisterPatient";
import { Prescription } from "../features/prescription/Prescription";
import { Review } from "../features/review/Review";
import { ShortKeys } from "../features/shortkeys/ShortKeys";
import { Staff } from "../features/staff/Staff";
import { SyncCentre } from "../features/sync/SyncCentre";
import { Today } from "../features/today/Today";
import { Week } from "../features/today/Week";
import { spoken } from "./language";
import { Layout } from "./layout";

interface Context {
  /** Asks for a chart before its screen is drawn. */
  askChart: (patientId: string) => void;
}

/** Where somebody is in the days of the clinic. */
interface PlaceInDays {
  /** The day that is looked at; today, if there is none. */
  day?: string;
  /** With which day the week begins that is shown; `now` for today. */
  week?: string;
  /** Whose visits are shown of the week. */
  doctor?: string;
}

function validPlace(search: Record<string, unknown>): PlaceInDays {
  const place: PlaceInDays = {};
  for (const name of ["day", "week", "doctor"] as const)
    if (search[name] !== undefined) place[name] = String(search[name]);
  return place;
}

const root = createRootRouteWithContext<Context>()({ component: spoken(Layout) });

const today = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: validPlace,
  component: spoken(function TodayRoute(): ReactNode {
    const { day = null, week, doctor = null } = today.useSearch();
    if (week === undefined) return <Today date={day} />;
    return <Week from={week === "now" ? null : week} lookedAt={day} doctorId={doctor} />;
  }),
});

const followUps = createRoute({
  getParentRoute: () => root,
  path: "/follow-ups",
  component: spoken(FollowUps),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: (search: Record<string, unknown>): { typed?: string } =>
    search["typed"] === undefined ? {} : { typed: String(search["typed"]) },
  component: spoken(function RegisterRoute(): ReactNode {
    return <RegisterPatient typed={register.useSearch().typed ?? ""} />;
  }),
});

const chart = createRoute({
  getParentRoute: () => root,
  path: "/patients/$patientId",
  // `now` for who is here, or the day for which a visit is to be booked.
  validateSearch: (search: Record<string, unknown>): { book?: string } =>
    search["book"] === undefined ? {} : { book: String(search["book"]) },
  loader: ({ context, params }) => context.askChart(params.patientId),
  component: spoken(function ChartRoute(): ReactNode {
    const { patientId } = chart.useParams();
    return <Chart key={patientId} patientId={patientId} books={chart.useSearch().book ?? null} />;
  }),
});

const correct = createRoute({
  getParentRoute: () => root,
  path: "/patients/$patientId/correct",
  component: spoken(function CorrectRoute(): ReactNode {
    return <CorrectPatient patientId={correct.useParams().patientId} />;
  }),
});

const pad = createRoute({
  getParentRoute: () => root,
  path: "/patients/$patientId/pad",
  component: spoken(function PadRoute(): ReactNode {
    const { patientId } = pad.useParams();
    return <PadScreen key={patientId} patientId={patientId} />;
  }),
});

const dental = createRoute({
  getParentRoute: () => root,
  path: "/patients/$patientId/dental",
  component: spoken(function DentalRoute(): ReactNode {
    const { patientId } = dental.useParams();
    return <DentalScreen key={patientId} patientId={patientId} />;
  }),
});

const prescription = createRoute({
  getParentRoute: () => root,
  path: "/patients/$patientId/prescriptions/$prescriptionId",
  component: spoken(function PrescriptionRoute(): ReactNode {
    return <Prescription {...prescription.useParams()} />;
  }),
});

const sync = createRoute({ getParentRoute: () => root, path: "/sync", component: spoken(SyncCentre) });

const computers = createRoute({
  getParentRoute: () => root,
  path: "/computers",
  component: spoken(Computers),
});

const staff = createRoute({ getParentRoute: () => root, path: "/staff", component: spoken(Staff) });

const audit = createRoute({ getParentRoute: () => root, path: "/audit", component: spoken(AuditLog) });

const letterhead = createRoute({
  getParentRoute: () => root,
  path: "/letterhead",
  component: spoken(Letterhead),
});

const shortKeys = createRoute({
  getParentRoute: () => root,
  path: "/short-keys",
  component: spoken(ShortKeys),
});

const medicines = createRoute({
  getParentRoute: () => root,
  path: "/medicines",
  component: spoken(Medicines),
});

const review = createRoute({
  getParentRoute: () => root,
  path: "/review",
  validateSearch: (search: Record<string, unknown>): { item?: string } =>
    search["item"] === undefined ? {} : { item: String(search["item"]) },
  component: spoken(function ReviewRoute(): ReactNode {
    return <Review first={review.useSearch().item ?? null} />;
  }),
});

const routeTree = root.addChildren([
  today,
  followUps,
  register,
  chart,
  correct,
  pad,
  dental,
  prescription,
  sync,
  computers,
  staff,
  audit,
  letterhead,
  shortKeys,
  medicines,
  review,
]);

/** Places live in memory only: no address of the window ever names a patient. */
export function createClinicRouter(context: Context) {
  return createRouter({ routeTree, context, history: createMemoryHistory({ initialEntries: ["/"] }) });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createClinicRouter>;
  }
}
