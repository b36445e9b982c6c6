namespace PipelineBackup.Ese;

/// <summary>One thing that is wrong in a database.</summary>
/// <param name="Error">The engine's error for it.</param>
/// <param name="Tree">
/// The tree it was found in, by name: <c>orders</c>, <c>orders.by_date</c>; empty when it belongs to none.
/// </param>
/// <param name="Page">The page; none when it is about the tree as a whole.</param>
/// <param name="Message">What is wrong, in lower case.</param>
public sealed record CheckFinding(EseError Error, string Tree, PageNumber Page, string Message)
{
    /// <summary>One line, for instance <c>-327 orders, page 61: its left sibling is 58, not 60</c>.</summary>
    public override string ToString()
    {
        string place = (Tree.Length > 0, Page != PageNumber.None) switch
        {
            (true, true) => $" {Tree}, page {Page}:",
            (true, false) => $" {Tree}:",
            (false, true) => $" page {Page}:",
            _ => "",
        };
        return $"{(int)Error}{place} {Message}";
    }
}
