namespace PipelineBackup.Ese;

/// <summary>Checks every page of the file by itself: checksum, rules of a sound page, time of the last change.</summary>
/// <param name="file">Where the pages come from.</param>
/// <param name="header">Header of the database.</param>
/// <param name="findings">Where findings go.</param>
internal sealed class PageCheck(IPageFile file, DatabaseHeader header, FindingList findings)
{
    /// <summary>Pages that were never written.</summary>
    public long Zero { get; private set; }

    /// <summary>Pages in which a flipped bit was corrected.</summary>
    public long Corrected { get; private set; }

    /// <summary>Reads all pages in order.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        // Only a clean header knows the last change of all.
        bool isClean = header.State == DatabaseState.CleanShutdown;
        byte[] buffer = new byte[file.PageSize.Bytes];
        for (uint n = 1; n <= file.LastPage.Value && !findings.IsFull; n++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var number = new PageNumber(n);
            var verdict = file.Read(number, buffer);
            Zero += verdict.Finding == PageFinding.Uninitialized ? 1 : 0;
            Corrected += verdict.Finding == PageFinding.Corrected ? 1 : 0;
            if (!verdict.IsAcceptable)
                findings.Add(verdict.Error, "", number, verdict.ToString());
            if (verdict.Error != EseError.Success)
                continue;

            var page = new PageView(buffer);
            var rule = PageLogic.Check(page, InspectionDepth.Full);
            if (rule != PageRule.None)
                findings.Add(EseError.DatabaseCorrupted, "", number, rule.Describe());
            if (isClean && !page.DbTime.IsMarker && page.DbTime.CompareTo(header.DbTime) > 0)
            {
                findings.Add(EseError.DbTimeCorrupted, "", number,
                    $"was changed at {page.DbTime}, later than the database at {header.DbTime}");
            }
        }
    }
}
