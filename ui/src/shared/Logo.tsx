/** The sign of the program. */
export function Logo({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 26 26" aria-hidden="true">
      <rect width="26" height="26" rx="6" fill="var(--pri)" />
      <path d="M7 8h9M7 13h12M7 18h7" stroke="var(--on-solid)" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="18.6" cy="18" r="1.5" fill="var(--on-solid)" />
    </svg>
  );
}
