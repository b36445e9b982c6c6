using System.Buffers.Binary;
using System.Globalization;
using PipelineBackup.Ese;
using PipelineBackup.Flow;
using PipelineBackup.Format;

namespace PipelineBackup.Backup;

/// <summary>
/// The room that verifies database pages: checksum, page number, lost flush. Pages that do not verify are read again, all
/// of a run in one round; what then is still bad is repaired where one flipped bit explains it; what stays bad falls under
/// the policy.
/// </summary>
internal sealed class VerifyPages(BackupOptions options, CancellationToken stopping)
{
    /// <summary>Verifies a run, in place.</summary>
    /// <exception cref="BackupException">A page stays bad, and the policy is to fail.</exception>
    public async ValueTask VerifyAsync(PageRun run)
    {
        var database = (DatabaseInFlight)run.Origin;
        if (database.IsDropped)
            return;
        var bad = Inspect(run, database);
        if (bad is not null)
        {
            database.NoteBadRun();
            int rounds = database.RereadRounds;
            for (int round = 1; round <= rounds && bad.Count > 0; round++)
                await RereadAsync(run, database, bad, round).ConfigureAwait(false);
            Repair(run, database, bad);
            if (bad.Count > 0)
                Decide(database, bad);
        }

        database.Verified(run);
    }

    // The healthy path: one look at each page, nothing allocated.
    private static List<PageDamage>? Inspect(PageRun run, DatabaseInFlight database)
    {
        List<PageDamage>? bad = null;
        long verified = 0, zero = 0, suspect = 0;
        var pages = run.Plain.Span;
        bool allZero = true;
        for (int i = 0; i < run.Pages; i++)
        {
            long index = run.FirstPage + i;
            var page = PageOf(pages, i, run.PageSize);
            var judgement = Judge(page, index, database);
            if (judgement.Damage is { } damage)
            {
                (bad ??= []).Add(damage);
                allZero = false;
                continue;
            }

            suspect += judgement.IsSuspect ? 1 : 0;
            if (judgement.IsZero)
            {
                zero++;
                continue;
            }

            allZero = false;
            if (index < PageNumber.HeaderPages || (index == database.LastPage && database.HasTrailer))
                continue;
            verified++;
            NoteTime(run, page);
        }

        run.IsZero = allZero;
        database.Count(verified, zero, suspect);
        return bad;
    }

    private static (PageDamage? Damage, bool IsZero, bool IsSuspect) Judge(ReadOnlySpan<byte> page, long index, DatabaseInFlight database)
    {
        if (index < PageNumber.HeaderPages)
            return default;
        if (PageProof.Judge(page, index, database.PageSize, database.HasTrailer && index == database.LastPage, out bool zero) is { } damage)
            return (damage, false, false);
        if (database.HasTrailer && index == database.LastPage)
            return (ForeignTrailer(page, index, database), false, false);
        return database.Map?.Judge(PageNumber.FromFileIndex(index), page) switch
        {
            FlushVerdict.Lost => (new PageDamage(index, EseError.ReadLostFlushVerifyFailure, "lost flush: an older image than the one last written"), false, false),
            FlushVerdict.Suspect => (null, zero, true),
            _ => (null, zero, false),
        };
    }

    private static PageDamage? ForeignTrailer(ReadOnlySpan<byte> page, long index, DatabaseInFlight database) =>
        new PatchTrailer(page.ToArray()).Judge(database.Headers.Header!) is not EseError.Success and var error
            ? new PageDamage(index, error, "the trailer page of the streamed copy does not belong to this database")
            : null;

    private async ValueTask RereadAsync(PageRun run, DatabaseInFlight database, List<PageDamage> bad, int round)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(100 * round), options.Time, stopping).ConfigureAwait(false);
        for (int i = bad.Count - 1; i >= 0; i--)
        {
            long index = bad[i].Page;
            var page = Page(run, index);
            await database.RereadAsync(index * database.PageSize, page, stopping).ConfigureAwait(false);
            var judgement = Judge(page.Span, index, database);
            if (judgement.Damage is { } damage)
            {
                bad[i] = damage;
                continue;
            }

            options.Logger.PageReread(PageNumber.FromFileIndex(index).ToString(), database.Source.Name, round);
            Settle(run, database, page.Span, judgement.IsZero, bad, i);
        }
    }

    private static void Repair(PageRun run, DatabaseInFlight database, List<PageDamage> bad)
    {
        for (int i = bad.Count - 1; i >= 0; i--)
        {
            long index = bad[i].Page;
            var page = Page(run, index).Span;
            if ((index == database.LastPage && database.HasTrailer) || page.Length < database.PageSize
                || PageInspector.InspectAndRepair(page, PageNumber.FromFileIndex(index)).Finding != PageFinding.Corrected)
                continue;
            database.NoteRepaired(index);
            Settle(run, database, page, zero: false, bad, i);
        }
    }

    // A page that was bad is good now: it counts after all.
    private static void Settle(PageRun run, DatabaseInFlight database, ReadOnlySpan<byte> page, bool zero, List<PageDamage> bad, int i)
    {
        database.Count(zero ? 0 : 1, zero ? 1 : 0, 0);
        if (!zero)
            NoteTime(run, page);
        bad.RemoveAt(i);
    }

    private void Decide(DatabaseInFlight database, List<PageDamage> bad)
    {
        var first = bad[0];
        string what = string.Create(CultureInfo.InvariantCulture,
            $"page {PageNumber.FromFileIndex(first.Page)} of '{database.Source.Name}' is bad: {first.Verdict}");
        switch (options.OnBadPage)
        {
            case BadPagePolicy.Fail:
                throw new BackupException(bad.Count == 1 ? what : $"{what}; {bad.Count - 1} more beside it")
                {
                    Error = EseErrors.ToJet(first.Error),
                    Hint = "restore the database from a backup or repair it; --on-bad-page record keeps what can still be read",
                    ExitCode = ExitCode.Refused,
                };
            case BadPagePolicy.DropDatabase:
                database.Drop();
                options.Logger.DatabaseDropped(database.Source.Name, what);
                break;
            default:
                break;
        }

        foreach (var damage in bad)
        {
            database.NoteBad(new BadPage(database.Number, damage.Page, (int)damage.Error, damage.Verdict));
            options.Logger.PageBad(
                PageNumber.FromFileIndex(damage.Page).ToString(), database.Source.Name, damage.Verdict);
        }
    }

    private static void NoteTime(PageRun run, ReadOnlySpan<byte> page)
    {
        var time = new DbTime(BinaryPrimitives.ReadUInt64LittleEndian(page[8..]));
        if (time.IsMarker)
            return;
        run.LowestDbTime = Math.Min(run.LowestDbTime, time.Value);
        run.HighestDbTime = Math.Max(run.HighestDbTime, time.Value);
    }

    private static Memory<byte> Page(PageRun run, long index)
    {
        int start = (int)(index - run.FirstPage) * run.PageSize;
        return run.Plain[start..Math.Min(start + run.PageSize, run.Length)];
    }

    private static ReadOnlySpan<byte> PageOf(ReadOnlySpan<byte> pages, int i, int pageSize) =>
        pages[(i * pageSize)..Math.Min((i + 1) * pageSize, pages.Length)];
}
