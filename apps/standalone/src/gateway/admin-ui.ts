import { join } from 'node:path';
import { StaticSite } from '@pataka/platform';

/** What people see at `/`: the built admin UI; null where it has not been built. */
export const adminUi = (): StaticSite | null => StaticSite.open(join(__dirname, '../../../admin-ui/dist'));
