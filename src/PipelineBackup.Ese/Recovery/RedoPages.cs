namespace PipelineBackup.Ese;

/// <summary>The pages of one database as redo gets them: which need a change, by their dbtimes, and which are missing.</summary>
internal sealed class RedoPages
{
    /// <summary>A page that a record changes: the page, when it needs the change; null when it does not, or is missing for now.</summary>
    /// <exception cref="EseException">−566, −567, −625, −1018, −1019, −1123, −4001 …</exception>
    public CachedPage? ForChange(PageNumber page, DbTime before, DbTime after, LogPosition position) =>
        throw new NotImplementedException();

    /// <summary>A page that a record creates: empty bytes to be made a page, when it is needed; null when it is there already.</summary>
    public CachedPage? ForCreation(PageNumber page, ObjectId tree, DbTime after, LogPosition position) =>
        throw new NotImplementedException();

    /// <summary>A page as it stands, whatever its time; null when it is missing.</summary>
    public CachedPage? AsItStands(PageNumber page) => throw new NotImplementedException();
}
