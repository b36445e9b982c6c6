using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace PipelineBackup.Laws;

/// <summary>The public surface of an assembly as text: one type after the other, sorted, members below it.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance
        | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The surface of an assembly.</summary>
    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
            text.Append(Of(type)).Append('\n');
        return text.ToString();
    }

    /// <summary>The surface of a type.</summary>
    public static string Of(Type type)
    {
        var text = new StringBuilder($"{Head(type)}\n");
        foreach (string member in Members(type).Distinct().Order(StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"    {member}\n");
        return text.ToString();
    }

    private static string Head(Type type)
    {
        bool isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } =>
                Words(IsReadOnly(type), "readonly", type.IsByRefLike, "ref", isRecord, "record") + "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            _ => Words(type.IsAbstract, "abstract", type.IsSealed, "sealed") + (isRecord ? "record" : "class"),
        };
        var bases = new List<Type>();
        if (type.IsEnum)
            bases.Add(Enum.GetUnderlyingType(type));
        else if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            bases.Add(parent);
        if (!type.IsEnum)
        {
            var inherited = type.BaseType?.GetInterfaces() ?? [];
            bases.AddRange(type.GetInterfaces().Except(inherited).Where(other => !IsOfRecord(other, type)));
        }

        string head = $"{kind} {type.Namespace}.{TypeNames.Of(type)}";
        return bases.Count == 0 ? head : $"{head} : {Join(bases.Select(TypeNames.Of).Order(StringComparer.Ordinal))}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => $"{field.Name} = {Literal(field.GetRawConstantValue())}");
        }

        var properties = type.GetProperties(Declared).Where(property => property.GetAccessors(true).Any(IsVisible));
        var events = type.GetEvents(Declared).Where(item => IsVisible(item.AddMethod!));
        var constructors = type.GetConstructors(Declared).Where(IsVisible);
        return type.GetFields(Declared).Where(field => field.IsPublic).Select(Text)
            .Concat(properties.Select(Text))
            .Concat(events.Select(item => $"event {item.Name}"))
            .Concat(constructors.Select(made => $"{Modifiers(made)}{TypeNames.Simple(type)}({Parameters(made)})"))
            .Concat(type.GetMethods(Declared).Where(method => IsVisible(method) && IsWritten(method)).Select(Text));
    }

    private static string Text(FieldInfo field) => field.IsLiteral
        ? $"const {TypeNames.Of(field.FieldType)} {field.Name} = {Literal(field.GetRawConstantValue())}"
        : Words(field.IsStatic, "static", field.IsInitOnly, "readonly")
            + $"{TypeNames.Of(new NullabilityInfoContext().Create(field))} {field.Name}";

    private static string Text(PropertyInfo property)
    {
        var accessors = property.GetAccessors(true).Where(IsVisible).ToList();
        bool isRequired = property.IsDefined(typeof(RequiredMemberAttribute));
        string modifiers = Modifiers(accessors[0]) + Words(isRequired, "required");
        string set = property.SetMethod is { } setter && accessors.Contains(setter)
            ? setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;" : " set;"
            : "";
        string get = property.GetMethod is { } getter && accessors.Contains(getter) ? " get;" : "";
        string index = property.GetIndexParameters() is { Length: > 0 } keys ? $"[{Join(keys.Select(Text))}]" : "";
        string type = TypeNames.Of(new NullabilityInfoContext().Create(property));
        return $"{modifiers}{type} {property.Name}{index} {{{get}{set} }}";
    }

    private static string Text(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"<{Join(method.GetGenericArguments().Select(TypeNames.Of))}>" : "";
        string result = TypeNames.Of(new NullabilityInfoContext().Create(method.ReturnParameter));
        return $"{Modifiers(method)}{result} {method.Name}{generic}({Parameters(method)})";
    }

    private static string Text(ParameterInfo parameter)
    {
        string way = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref "
            : parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        string otherwise = parameter.HasDefaultValue ? " = " + Literal(parameter.DefaultValue) : "";
        return $"{way}{TypeNames.Of(new NullabilityInfoContext().Create(parameter))} {parameter.Name}{otherwise}";
    }

    private static string Parameters(MethodBase method) => Join(method.GetParameters().Select(Text));

    private static string Join(IEnumerable<string> parts) => string.Join(", ", parts);

    // The words whose conditions hold, each with a blank behind it.
    private static string Words(params object[] conditionsAndWords) => string.Concat(conditionsAndWords.Chunk(2)
        .Where(pair => (bool)pair[0]).Select(pair => $"{pair[1]} "));

    private static string Modifiers(MethodBase method) =>
        (method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "") + (method.IsStatic ? "static "
            : method.DeclaringType!.IsInterface || !method.IsVirtual || method.IsFinal ? ""
            : method.IsAbstract ? "abstract "
            : (method.Attributes & MethodAttributes.NewSlot) == 0 ? "override " : "virtual ");

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        Enum item => $"{item.GetType().Name}.{item}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    // Accessors stand with their properties, and what the compiler adds to records is no choice of anybody.
    private static bool IsWritten(MethodInfo method) => !method.IsDefined(typeof(CompilerGeneratedAttribute))
        && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal));

    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed);

    private static bool IsReadOnly(Type type) => type.IsDefined(typeof(IsReadOnlyAttribute));

    private static bool IsOfRecord(Type other, Type type) => other.IsGenericType
        && other.GetGenericTypeDefinition() == typeof(IEquatable<>) && other.GenericTypeArguments[0] == type;
}
