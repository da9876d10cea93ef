import { type RefObject, useEffect, useRef, useState } from 'react';

/** The width of an element in pixels, so that what is drawn in it keeps the size of its letters on every screen; `usual` until it is known. */
export const useWidth = <E extends Element>(usual: number): [RefObject<E | null>, number] => {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(usual);
  useEffect(() => {
    if (ref.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => { if (entry !== undefined && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width)); });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
};
