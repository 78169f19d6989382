import { IconPhoto } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { queryKeys } from "../../app/queries";
import type { AttachmentView } from "../../ipc/bindings/AttachmentView";
import { useBackend } from "../../ipc/context";
import classes from "./Files.module.css";
import { usePictureUrl } from "./actions";

/** A file small, once it was in sight and if it is on this computer; otherwise the sign of a picture. */
export function SmallPicture({ file }: { file: AttachmentView }) {
  const backend = useBackend();
  const place = useRef<HTMLDivElement>(null);
  const [wasSeen, setSeen] = useState(false);
  useEffect(() => {
    const watched = place.current;
    if (!watched) return undefined;
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      setSeen(true);
    });
    watch.observe(watched);
    return () => watch.disconnect();
  }, []);
  const isHere = ["here", "waiting", "refused"].includes(file.place);
  const { data } = useQuery({
    queryKey: queryKeys.smallPicture(file.id),
    queryFn: () => backend.smallPicture(file.id),
    enabled: isHere && wasSeen,
    staleTime: Infinity,
  });
  const url = usePictureUrl(data, "image/png");
  return (
    <div ref={place}>
      {url === undefined ? (
        <IconPhoto size={28} stroke={1.4} aria-hidden="true" />
      ) : (
        <img className={classes.small} src={url} alt="" data-testid="small-picture" />
      )}
    </div>
  );
}
