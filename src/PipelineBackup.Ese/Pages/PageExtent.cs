using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>A run of consecutive pages, named by its last page as the engine stores it.</summary>
/// <param name="Last">The last page.</param>
/// <param name="Count">How many pages; 0 is a marker without pages.</param>
public readonly record struct PageExtent(PageNumber Last, uint Count)
{
    /// <summary>The first page; meaningless when <see cref="IsValid"/> is false or there are no pages.</summary>
    public PageNumber First => new(unchecked(Last.Value - Count + 1));

    /// <summary>Whether the pages have numbers: the run does not begin before page 1 nor end behind the largest.</summary>
    public bool IsValid => Count <= Last.Value && Last.CompareTo(PageNumber.Max) <= 0;

    /// <summary>Whether a page is among them.</summary>
    /// <param name="page">The page.</param>
    public bool Contains(PageNumber page) => page.Value <= Last.Value && Last.Value - page.Value < Count;

    /// <summary>A run from its first page on.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many pages.</param>
    public static PageExtent From(PageNumber first, uint count) => new(new(unchecked(first.Value + count - 1)), count);

    /// <summary>First and last page, as in <c>35–254</c>.</summary>
    public override string ToString() => Count switch
    {
        0 => string.Create(CultureInfo.InvariantCulture, $"none at {Last}"),
        1 => Last.ToString(),
        _ => string.Create(CultureInfo.InvariantCulture, $"{First}–{Last}"),
    };
}
